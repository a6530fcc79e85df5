package kittls

import (
	"errors"
	"fmt"

	"github.com/go-kit/log"
)

// ServerConfig is how a server proves who it is, and who may call. Cert and Key
// are needed. All files are PEM.
type ServerConfig struct {
	Cert, Key string     // files of the server's certificate, with the intermediate CAs after it, and of its key
	ClientCA  string     // file of the CAs that vouch for clients; clients stay unknown if empty
	Clients   []string   // who may call, as the package has names; anybody whom ClientCA vouches for if empty
	Optional  bool       // lets in clients that show no certificate, so that endpoints decide: middleware/auth/mtls
	Logger    log.Logger // told when files were read anew, or cannot be; silent if nil
}

// ClientConfig is who must answer, and how a client proves who it is itself.
// Servers is needed. All files are PEM.
type ClientConfig struct {
	CA        string     // file of the CAs that vouch for servers; the system's if empty
	Cert, Key string     // files of the client's certificate, with the intermediate CAs after it, and of its key; it shows none if empty
	Servers   []string   // who must answer, one of these, as the package has names
	Logger    log.Logger // told when files were read anew, or cannot be; silent if nil
}

func (cfg ServerConfig) validate() error {
	var errs []error
	if cfg.Cert == "" || cfg.Key == "" {
		errs = append(errs, errors.New("ServerConfig.Cert and ServerConfig.Key: a server needs both: name the PEM files of its certificate and of its key"))
	}
	if cfg.ClientCA == "" && (len(cfg.Clients) > 0 || cfg.Optional) {
		errs = append(errs, errors.New("ServerConfig.ClientCA is empty, and Clients or Optional is set: name the file of the CAs that vouch for clients"))
	}
	for i, name := range cfg.Clients {
		if mend := checkName(name); mend != "" {
			errs = append(errs, fmt.Errorf("ServerConfig.Clients[%d] is %q: %s", i, name, mend))
		}
	}
	return errors.Join(errs...)
}

func (cfg ClientConfig) validate() error {
	var errs []error
	if (cfg.Cert == "") != (cfg.Key == "") {
		errs = append(errs, errors.New("ClientConfig has one of Cert and Key: a client certificate needs both"))
	}
	if len(cfg.Servers) == 0 {
		errs = append(errs, errors.New("ClientConfig.Servers is empty: say who must answer, as in dns:addsvc.prod.example or spiffe://prod.example/addsvc; addresses say nothing of that"))
	}
	for i, name := range cfg.Servers {
		mend := checkName(name)
		if kindOf(name) == cn {
			mend = "common names are not for servers (RFC 9525, section 2): want dns:name or a SPIFFE ID"
		}
		if mend != "" {
			errs = append(errs, fmt.Errorf("ClientConfig.Servers[%d] is %q: %s", i, name, mend))
		}
	}
	return errors.Join(errs...)
}
