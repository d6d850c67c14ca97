package main

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
)

// answer runs the commands of a request, then gives the response that one of
// them may have made.
func answer(c common, r edge.EditRequest, o *edge.OriginRequest) (response *edge.Response, err error) {
	err = each(c, func(verb, rest string) bool {
		switch verb {
		case "answer":
			response = &edge.Response{Status: number(rest)}
		case "describe":
			response.Description = rest
		case "with":
			name, value, _ := strings.Cut(rest, " ")
			response.Headers = append(response.Headers, edge.Header{Name: name, Value: value})
		case "say":
			response.Body = rest
		case "say-bytes":
			response.Body = string(bytes(rest))
		case "redirect":
			response = edge.Redirect(307, rest)
		default:
			return onRequest(r, verb, rest) || (o != nil && onOrigin(*o, verb, rest))
		}
		return true
	})
	return response, err
}

func headers(h edge.EditHeaders, verb, rest string) bool {
	name, value, _ := strings.Cut(rest, " ")
	switch verb {
	case "set":
		h.Set(name, value)
	case "add":
		h.Add(name, value)
	case "del":
		h.Del(name)
	case "break":
		h.Set(name, "a\r\nset-cookie: b=c")
	default:
		return false
	}
	return true
}

func onRequest(r edge.EditRequest, verb, rest string) bool {
	switch verb {
	case "set-uri":
		r.SetURI(rest)
	case "set-query":
		r.SetQuerystring(rest)
	case "body":
		b, ok := r.Body()
		r.Headers().Get("Host") // what is delivered later must not be written over it
		say(fmt.Sprintf("%q %v %v", b.Bytes, b.Truncated, ok))
	case "echo":
		b, _ := r.Body()
		sum := 0
		for _, c := range b.Bytes {
			sum = sum*31 + int(c)
		}
		say(len(b.Bytes), " ", uint32(sum))
		r.SetBodyBytes(b.Bytes)
	case "set-body":
		r.SetBody(rest)
	case "set-body-bytes":
		r.SetBodyBytes(bytes(rest))
	default:
		return headers(r.Headers(), verb, rest)
	}
	return true
}

func onOrigin(e edge.OriginRequest, verb, rest string) bool {
	switch verb {
	case "origin":
		o, ok := e.Origin()
		say(ok, " ", o.Kind(), " ", o.Domain(), " ", o.Path(), " ", o.Protocol(), " ", o.Port(), " ", o.ReadTimeout(), " ",
			o.KeepaliveTimeout(), " ", o.SSLProtocols(), " ", o.Region(), " ", o.AuthMethod(), " ", o.Headers().Values("X-Env"))
	case "set-domain":
		e.EditOrigin().SetDomain(rest)
	case "send-to":
		e.SendTo(rest)
	case "set-path":
		e.EditOrigin().SetPath(rest)
	case "set-protocol":
		e.CustomOrigin().SetProtocol(rest)
	case "set-port":
		e.CustomOrigin().SetPort(number(rest))
	case "set-read-timeout":
		e.CustomOrigin().SetReadTimeout(number(rest))
	case "set-keepalive-timeout":
		e.CustomOrigin().SetKeepaliveTimeout(number(rest))
	case "set-ssl":
		e.CustomOrigin().SetSSLProtocols(strings.Fields(rest)...)
	case "set-region":
		e.S3Origin().SetRegion(rest)
	case "set-auth":
		e.S3Origin().SetAuthMethod(rest)
	default:
		verb, ok := strings.CutPrefix(verb, "origin-")
		return ok && headers(e.EditOrigin().Headers(), verb, rest)
	}
	return true
}

func onResponse(h edge.EditHeaders, status int, description, verb, rest string) bool {
	switch verb {
	case "status":
		say(status, " ", description)
	case "response-header":
		say(fmt.Sprintf("%q", h.Values(rest)))
	default:
		return headers(h, verb, rest)
	}
	return true
}

func onOriginResponse(e edge.OriginResponse, verb, rest string) bool {
	switch verb {
	case "origin":
		o, ok := e.Origin()
		say(ok, " ", o.Domain())
	case "set-status":
		e.SetStatus(number(rest))
	case "set-description":
		e.SetStatusDescription(rest)
	case "set-body":
		e.SetBody(rest)
	case "set-body-bytes":
		e.SetBodyBytes(bytes(rest))
	default:
		return false
	}
	return true
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func bytes(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
