# METADATA
# title: Everything annotations have
# description: |
#   Two lines,
#   with <html> & more.
# organizations: [Example Ltd]
# related_resources:
#   - https://example.com/a
#   - ref: https://example.com/b
#     description: the second
# custom:
#   severity: HIGH
#   codes: [1, 2]
package annotated

# METADATA
# scope: document
# title: All of allow
# entrypoint: true

# METADATA
# title: The first
# schemas:
#   - input: {"type": "object", "properties": {"user": {"type": "string"}}}
allow if input.user == "ann"

# METADATA
# custom: {severity: LOW}
allow if {
	rego.metadata.rule().custom.severity == "LOW"
	input.user == "eve"
}

chain := rego.metadata.chain()
