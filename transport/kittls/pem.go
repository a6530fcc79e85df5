package kittls

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

const certificate = "CERTIFICATE"

// blocks are those of a file. encoding/pem passes over what it cannot read, such
// as half a block in front of another one: then somebody is still writing.
func (f file) blocks(content []byte) (all []*pem.Block, err error) {
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		all = append(all, block)
	}
	if bytes.Count(append([]byte("\n"), content...), []byte("\n-----BEGIN ")) != len(all) {
		return nil, fmt.Errorf("%s has a PEM block that is broken, or only half of it; write to another name, and rename that", f)
	}
	return all, nil
}

// certificates are those of a file, at least one.
func (f file) certificates(content []byte) (certs []*x509.Certificate, err error) {
	blocks, err := f.blocks(content)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, block := range blocks {
		if block.Type != certificate {
			others = append(others, block.Type)
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", f, len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	if len(certs) > 0 {
		return certs, nil
	}
	return nil, fmt.Errorf("%s has no certificate in PEM%s", f, instead(content, others))
}

// instead says what a file has that was to have something else.
func instead(content []byte, blocks []string) string {
	_, err := x509.ParseCertificate(content)
	switch {
	case len(content) == 0:
		return ": it is empty"
	case len(blocks) > 0:
		return ", but " + strings.Join(blocks, ", ") + ": are two files taken for one another?"
	case err == nil:
		return ", but one in DER: turn it into PEM by openssl x509 -inform der"
	}
	return "; name a file that begins with -----BEGIN"
}

// key is the one of a file.
func (f file) key(content []byte) (crypto.Signer, error) {
	blocks, err := f.blocks(content)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, block := range blocks {
		switch {
		case strings.HasPrefix(block.Type, "ENCRYPTED ") || block.Headers["Proc-Type"] == "4,ENCRYPTED":
			return nil, fmt.Errorf("%s is encrypted; keep it as openssl pkey gives it, and give it to this process' user alone", f)
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return f.signer(block.Bytes)
		case block.Type != "EC PARAMETERS":
			others = append(others, block.Type)
		}
	}
	return nil, fmt.Errorf("%s has no private key in PEM%s", f, instead(content, others))
}

func (f file) signer(der []byte) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil { // the older forms, whatever the block says that it is
		if rsa, rsaErr := x509.ParsePKCS1PrivateKey(der); rsaErr == nil {
			parsed, err = rsa, nil
		} else if ec, ecErr := x509.ParseECPrivateKey(der); ecErr == nil {
			parsed, err = ec, nil
		}
	}
	key, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s has no private key that signs; make one by openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", f)
	}
	return key, nil
}

// pair is what parses a certificate and its key that are good for usage.
func pair(cert, key file, usage x509.ExtKeyUsage) func([][]byte) (*tls.Certificate, error) {
	return func(contents [][]byte) (*tls.Certificate, error) {
		chain, err := cert.certificates(contents[0])
		if err != nil {
			return nil, err
		}
		signer, err := key.key(contents[1])
		if err != nil {
			return nil, err
		}
		leaf := chain[0]
		if public, ok := leaf.PublicKey.(interface{ Equal(x crypto.PublicKey) bool }); !ok || !public.Equal(signer.Public()) {
			return nil, fmt.Errorf("%s is not the key of the first certificate in %s; put that first which was issued for this key", key, cert.path)
		}
		if mend := unfit(leaf, usage); mend != "" {
			return nil, fmt.Errorf("%s %s", cert, mend)
		}
		c := &tls.Certificate{PrivateKey: signer, Leaf: leaf}
		for _, one := range chain {
			c.Certificate = append(c.Certificate, one.Raw)
		}
		return c, nil
	}
}

// unfit says why a certificate is not to be shown.
func unfit(leaf *x509.Certificate, usage x509.ExtKeyUsage) string {
	word := map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth"}[usage]
	fits := len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0
	for _, u := range leaf.ExtKeyUsage {
		fits = fits || u == usage || u == x509.ExtKeyUsageAny
	}
	switch now := time.Now(); {
	case now.After(leaf.NotAfter):
		return "expired at " + leaf.NotAfter.Format(time.RFC3339) + "; have it issued anew, and find out why it was not"
	case now.Before(leaf.NotBefore):
		return "is valid only from " + leaf.NotBefore.Format(time.RFC3339) + " on; compare the clocks of this machine and of the CA"
	case !fits:
		return "is not for this end of a connection; have it issued with the extended key usage " + word
	case leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return "has a key that may not sign; have it issued with the key usage digitalSignature"
	}
	return ""
}

// pool is what parses a file of CAs.
func pool(f file) func([][]byte) (*x509.CertPool, error) {
	return func(contents [][]byte) (*x509.CertPool, error) {
		certs, err := f.certificates(contents[0])
		if err != nil {
			return nil, err
		}
		pool, good := x509.NewCertPool(), 0
		now := time.Now()
		for i, cert := range certs {
			if cert.BasicConstraintsValid && !cert.IsCA {
				return nil, fmt.Errorf("%s: certificate %d, of %q, is no CA's; name the file of the CA that issued it", f, i+1, cert.Subject)
			}
			if now.Before(cert.NotAfter) {
				good++
			}
			pool.AddCert(cert)
		}
		if good == 0 {
			return nil, errors.New(f.String() + ": every CA in it has expired; put in the one that is in force")
		}
		return pool, nil
	}
}
