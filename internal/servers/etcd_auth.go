package servers

import (
	"context"
	"strings"
)

// root may do everything: the user, and the role by the same name.
const root = "root"

// authenticated returns nil once root's password works, if there is one. It
// turns authentication on where it is off.
func (o EtcdOptions) authenticated(ctx context.Context, p probe) error {
	_, err := o.login(ctx, p)
	if err == nil || !isOff(err) {
		return err
	}
	var none struct{}
	// A start that was interrupted may have added the user already.
	err = p.post(ctx, "/v3/auth/user/add", map[string]string{"name": root, "password": o.RootPassword}, &none)
	if err != nil && !strings.Contains(err.Error(), "already exists") {
		return err
	}
	if err := p.post(ctx, "/v3/auth/user/grant", map[string]string{"user": root, "role": root}, &none); err != nil {
		return err
	}
	return p.post(ctx, "/v3/auth/enable", none, &none)
}

// isOff says whether a login failed because everybody may do everything.
func isOff(err error) bool { return strings.Contains(err.Error(), "authentication is not enabled") }

// login returns the probe as root's, where there is a password.
func (o EtcdOptions) login(ctx context.Context, p probe) (probe, error) {
	if o.RootPassword == "" {
		return p, nil
	}
	var got struct {
		Token string `json:"token"`
	}
	if err := p.post(ctx, "/v3/auth/authenticate", map[string]string{"name": root, "password": o.RootPassword}, &got); err != nil {
		return p, err
	}
	return p.with("Authorization", got.Token), nil
}
