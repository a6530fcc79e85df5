package servers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// CA is a certificate authority whose files are in a folder of a test. Its
// methods may be called from any goroutine, Issue for one name at a time.
type CA struct {
	File string // its own certificate: PEM, what a client is told to trust

	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Pair is a certificate and its key, each the path of a PEM file.
type Pair struct {
	Cert string
	Key  string
}

// NewCA makes an authority that nobody knew before, good for a year, and writes
// its certificate to ca.crt in dir. Its key is kept in memory only. Whoever
// trusted a CA that was in dir before must read the file anew.
func NewCA(dir string) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a CA: %w", err)
	}
	ca := &CA{File: filepath.Join(dir, "ca.crt"), dir: dir, key: key}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "test CA"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := ca.sign(template, template, key)
	if err != nil {
		return nil, fmt.Errorf("make a CA: %w", err)
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("make a CA: %w", err)
	}
	if err := writePEM(ca.File, "CERTIFICATE", der); err != nil {
		return nil, fmt.Errorf("make a CA: %w", err)
	}
	return ca, nil
}

// Issue writes a certificate to name.crt and its key to name.key, in the CA's
// folder. It serves servers and clients alike: its common name is name, which
// etcd takes for a user, and it is good for hosts (127.0.0.1 and localhost if
// there are none). It is valid for that long from now; a negative time gives
// one that expired so long ago.
//
// Issued again, the same files get a new certificate: the key stays, and the
// certificate is replaced in one step, so that whoever reads at any moment
// finds two files that match.
func (ca *CA) Issue(name string, validFor time.Duration, hosts ...string) (Pair, error) {
	return ca.issue(ca.dir, name, validFor, hosts)
}

func (ca *CA) issue(dir, name string, validFor time.Duration, hosts []string) (Pair, error) {
	pair := Pair{Cert: filepath.Join(dir, name+".crt"), Key: filepath.Join(dir, name+".key")}
	key, err := keyIn(pair.Key)
	if err != nil {
		return Pair{}, fmt.Errorf("issue a certificate for %s: %w", name, err)
	}
	der, err := ca.sign(leaf(name, validFor, hosts), ca.cert, key)
	if err != nil {
		return Pair{}, fmt.Errorf("issue a certificate for %s: %w", name, err)
	}
	if err := writePEM(pair.Cert, "CERTIFICATE", der); err != nil {
		return Pair{}, fmt.Errorf("issue a certificate for %s: %w", name, err)
	}
	return pair, nil
}

// leaf describes a certificate that begins an hour before it could be used, or
// an hour before it ended.
func leaf(name string, validFor time.Duration, hosts []string) *x509.Certificate {
	if len(hosts) == 0 {
		hosts = []string{"127.0.0.1", "localhost"}
	}
	end := time.Now().Add(validFor)
	c := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotBefore:   end.Add(-max(validFor, 0) - time.Hour),
		NotAfter:    end,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
	return c
}

// sign gives template a serial number and ca's signature.
func (ca *CA) sign(template, parent *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, ca.key)
}

// client returns what shows a certificate of ca, and believes any server: a
// test may well have given it a certificate that nobody should trust.
func (ca *CA) client() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := ca.sign(leaf("probe", time.Hour, nil), ca.cert, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates:       []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		InsecureSkipVerify: true, //nolint:gosec // see above; it asks a server of our own, on loopback, whether it is up
	}, nil
}

// keyIn reads the key in path, or makes one there.
func keyIn(path string) (*ecdsa.PrivateKey, error) {
	b, err := os.ReadFile(path) //nolint:gosec // in the folder of a test
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("no PEM in %s: remove the file", path)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

func makeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(path, "EC PRIVATE KEY", der)
}

// writePEM replaces path in one step.
func writePEM(path, kind string, der []byte) error {
	part := path + ".part"
	if err := os.WriteFile(part, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}
