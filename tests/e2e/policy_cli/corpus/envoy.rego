package envoy.authz

import input.attributes.request.http as http_request

default allow := {"allowed": false, "headers": {"x-ext-auth-allow": "no"}, "http_status": 403}

allow := response if {
	action_allowed
	response := {"allowed": true, "headers": {"x-current-user": token.payload.sub}}
}

token := {"valid": valid, "payload": payload} if {
	[_, encoded] := split(http_request.headers.authorization, " ")
	[valid, _, payload] := io.jwt.decode_verify(encoded, {"secret": "secret"})
}

action_allowed if {
	http_request.method == "GET"
	token.valid
	glob.match("/people*", ["/"], http_request.path)
}

action_allowed if {
	http_request.method == "POST"
	regex.match(`^/people/[0-9]+$`, http_request.path)
	lower(input.parsed_body.firstname) != base64url.decode(token.payload.sub)
}
