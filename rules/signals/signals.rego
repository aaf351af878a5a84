# METADATA
# title: From signals to actions
# description: >-
#   Signals are input; policies dictate actions. This is the default mapping: each signal that is enabled in data.signals asks for the
#   actions listed there. Other policies may ask for stricter ones; `allow` with `final` and a priority overrules these.
package policies.signals

import rego.v1

# METADATA
# title: terminate, raised by a plugin
actions contains {"action": "terminate", "message": message("terminate", "terminated by a plugin")} if {
	data.signals.plugin.enabled
	data.signals.plugin.terminate == "stop"
	input.signals.plugin.terminate.value == true
}

# METADATA
# title: log, raised by a plugin
actions contains {"action": "log", "level": "notice", "message": message("log", "raised by a plugin")} if {
	data.signals.plugin.enabled
	data.signals.plugin.log
	input.signals.plugin.log.value == true
}

# METADATA
# title: injection
actions contains action if {
	data.signals.injection.enabled
	wanted("injection", input.signals.injection.value)
	some action in data.signals.injection.actions
}

# METADATA
# title: dangerous
actions contains action if {
	data.signals.dangerous.enabled
	wanted("dangerous", input.signals.dangerous.value)
	some action in data.signals.dangerous.actions
}

# METADATA
# title: statement class
actions contains action if {
	data.signals.statement_class.enabled
	wanted("statement_class", [input.signals.statement_class.value])
	some action in data.signals.statement_class.actions
}

# METADATA
# title: unusual statement
actions contains action if {
	data.signals.unusual_statement.enabled
	input.signals.unusual_statement.value
	some action in data.signals.unusual_statement.actions
}

# METADATA
# title: rate
actions contains action if {
	data.signals.rate.enabled
	input.signals.rate.value > data.signals.rate.above
	some action in data.signals.rate.actions
}

# METADATA
# title: result size
actions contains action if {
	data.signals.result_size.enabled
	input.signals.result_size.value > data.signals.result_size.above
	some action in data.signals.result_size.actions
}

# METADATA
# title: transaction age
actions contains action if {
	data.signals.transaction_age.enabled
	input.signals.transaction_age.value > data.signals.transaction_age.above
	some action in data.signals.transaction_age.actions
}

# METADATA
# title: authentication failure
actions contains action if {
	data.signals.authentication_failure.enabled
	input.hook in {"connecting", "startup"}
	input.signals.authentication_failure.value > data.signals.authentication_failure.above
	some action in data.signals.authentication_failure.actions
}

# METADATA
# title: protocol violation
actions contains action if {
	data.signals.protocol_violation.enabled
	input.hook == "connecting"
	input.signals.protocol_violation.value > data.signals.protocol_violation.above
	some action in data.signals.protocol_violation.actions
}

# METADATA
# title: client fingerprint
actions contains action if {
	data.signals.client_fingerprint.enabled
	input.hook == "startup"
	count(data.signals.client_fingerprint.known) > 0
	not input.signals.client_fingerprint.value in data.signals.client_fingerprint.known
	some action in data.signals.client_fingerprint.actions
}

wanted(name, values) if {
	count(values) > 0
	count(data.signals[name].values) == 0
}

wanted(name, values) if {
	some value in values
	value in data.signals[name].values
}

message(name, otherwise) := object.get(input.signals.plugin[name], "message", otherwise)
