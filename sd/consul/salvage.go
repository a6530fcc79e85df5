package consul

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"

	"github.com/hashicorp/consul/api"
)

// garbled tells that there was an answer, and that it was JSON, though not of
// the shape that it should have: neither refused, nor lost, nor a web page.
func garbled(err error) bool {
	_, lost := errors.AsType[*url.Error](err)
	_, refused := errors.AsType[api.StatusError](err)
	_, page := errors.AsType[*json.SyntaxError](err)
	return err != nil && !lost && !refused && !page
}

// salvage asks again and reads what can be read: one entry that is not as
// expected must not hide all others.
func (s *session) salvage(q *api.QueryOptions) ([]*api.ServiceEntry, *api.QueryMeta, error) {
	var list []json.RawMessage
	meta, err := s.client.Raw().Query("/v1/health/service/"+s.service, &list, q)
	if err != nil {
		return nil, nil, err
	}
	entries := make([]*api.ServiceEntry, 0, len(list))
	for _, raw := range list {
		// Raw queries cannot ask for tags.
		if e := decode(raw); e != nil && (tagged(e, s.cfg.Tags) || e.Service.Address == "" && e.Service.Port == 0) {
			entries = append(entries, e)
		}
	}
	return entries, meta, nil
}

// decode reads one entry. What cannot be read, but has an ID, is an entry with
// nothing else: the Instancer refuses it, and goes by what it last knew of it.
func decode(raw json.RawMessage) *api.ServiceEntry {
	var e *api.ServiceEntry
	if err := json.Unmarshal(raw, &e); err == nil {
		if e == nil || e.Service == nil || e.Node == nil {
			return nil
		}
		return e
	}
	var name struct {
		Node struct {
			Node string `json:"Node"`
		} `json:"Node"`
		Service struct {
			ID   string         `json:"ID"`
			Meta map[string]any `json:"Meta"`
		} `json:"Service"`
	}
	_ = json.Unmarshal(raw, &name) // as far as it goes
	if name.Service.ID == "" {
		return nil
	}
	e = &api.ServiceEntry{Node: &api.Node{Node: name.Node.Node}, Service: &api.AgentService{ID: name.Service.ID}}
	if id, ok := name.Service.Meta[idKey].(string); ok {
		e.Service.Meta = map[string]string{idKey: id}
	}
	return e
}

func tagged(e *api.ServiceEntry, tags []string) bool {
	for _, tag := range tags {
		if !slices.Contains(e.Service.Tags, tag) {
			return false
		}
	}
	return true
}
