package texts

greeting := $"hello {input.name}, you have {count(input.items)} items"

raw := `a\nb`

escaped := "tab\tquote\"unicodeé <html> & more"

parts := split("a,b,,c", ",")

cleaned := trim(replace(upper("  x-y "), "-", "_"), " ")

found := regex.find_all_string_submatch_n(`(\w+)@(\w+)`, "a@b c@d", -1)

dumped := json.marshal({"b": [1, {"c": null}], "a": {3, 1}})

pretty := yaml.marshal({"b": [1, 2], "a": "x: y"})

hashes := {"md5": crypto.md5("x"), "sha256": crypto.sha256("x"), "hmac": crypto.hmac.sha1("x", "k")}

versions := [semver.compare("1.2.3-rc1", "1.2.3"), semver.is_valid("1.x")]
