// The meta-schemas of JSON Schema drafts 4, 6 and 7, as json-schema.org publishes them: what
// `{"$ref": "http://json-schema.org/draft-07/schema#"}` names.
#include "policy/schema/meta_schemas.h"

#include <array>

namespace signalbox::policy::schema {
namespace {

constexpr std::string_view kDraft4 =
    R"({"id":"http://json-schema.org/draft-04/schema#",)"
    R"("$schema":"http://json-schema.org/draft-04/schema#","description":"Core schema meta-schema",)"
    R"("definitions":{"schemaArray":{"type":"array","minItems":1,"items":{"$ref":"#"}},)"
    R"("positiveInteger":{"type":"integer","minimum":0},)"
    R"("positiveIntegerDefault0":{"allOf":[{"$ref":"#/definitions/positiveInteger"},{"default":0}]},)"
    R"("simpleTypes":{"enum":["array","boolean","integer","null","number","object","string"]},)"
    R"("stringArray":{"type":"array","items":{"type":"string"},"minItems":1,"uniqueItems":true}},)"
    R"("type":"object","properties":{"id":{"type":"string"},"$schema":{"type":"string"},)"
    R"("title":{"type":"string"},"description":{"type":"string"},"default":{},)"
    R"("multipleOf":{"type":"number","minimum":0,"exclusiveMinimum":true},"maximum":{"type":"number"},)"
    R"("exclusiveMaximum":{"type":"boolean","default":false},"minimum":{"type":"number"},)"
    R"("exclusiveMinimum":{"type":"boolean","default":false},)"
    R"("maxLength":{"$ref":"#/definitions/positiveInteger"},)"
    R"("minLength":{"$ref":"#/definitions/positiveIntegerDefault0"},"pattern":{"type":"string",)"
    R"("format":"regex"},"additionalItems":{"anyOf":[{"type":"boolean"},{"$ref":"#"}],"default":{}},)"
    R"("items":{"anyOf":[{"$ref":"#"},{"$ref":"#/definitions/schemaArray"}],"default":{}},)"
    R"("maxItems":{"$ref":"#/definitions/positiveInteger"},)"
    R"("minItems":{"$ref":"#/definitions/positiveIntegerDefault0"},"uniqueItems":{"type":"boolean",)"
    R"("default":false},"maxProperties":{"$ref":"#/definitions/positiveInteger"},)"
    R"("minProperties":{"$ref":"#/definitions/positiveIntegerDefault0"},)"
    R"("required":{"$ref":"#/definitions/stringArray"},)"
    R"("additionalProperties":{"anyOf":[{"type":"boolean"},{"$ref":"#"}],"default":{}},)"
    R"("definitions":{"type":"object","additionalProperties":{"$ref":"#"},"default":{}},)"
    R"("properties":{"type":"object","additionalProperties":{"$ref":"#"},"default":{}},)"
    R"("patternProperties":{"type":"object","additionalProperties":{"$ref":"#"},"default":{}},)"
    R"("dependencies":{"type":"object","additionalProperties":{"anyOf":[{"$ref":"#"},)"
    R"({"$ref":"#/definitions/stringArray"}]}},"enum":{"type":"array","minItems":1,"uniqueItems":true},)"
    R"("type":{"anyOf":[{"$ref":"#/definitions/simpleTypes"},{"type":"array",)"
    R"("items":{"$ref":"#/definitions/simpleTypes"},"minItems":1,"uniqueItems":true}]},)"
    R"("format":{"type":"string"},"allOf":{"$ref":"#/definitions/schemaArray"},)"
    R"("anyOf":{"$ref":"#/definitions/schemaArray"},"oneOf":{"$ref":"#/definitions/schemaArray"},)"
    R"("not":{"$ref":"#"}},"dependencies":{"exclusiveMaximum":["maximum"],)"
    R"("exclusiveMinimum":["minimum"]},"default":{}})";

constexpr std::string_view kDraft6 =
    R"({"$schema":"http://json-schema.org/draft-06/schema#",)"
    R"("$id":"http://json-schema.org/draft-06/schema#","title":"Core schema meta-schema",)"
    R"("definitions":{"schemaArray":{"type":"array","minItems":1,"items":{"$ref":"#"}},)"
    R"("nonNegativeInteger":{"type":"integer","minimum":0},)"
    R"("nonNegativeIntegerDefault0":{"allOf":[{"$ref":"#/definitions/nonNegativeInteger"},)"
    R"({"default":0}]},"simpleTypes":{"enum":["array","boolean","integer","null","number","object",)"
    R"("string"]},"stringArray":{"type":"array","items":{"type":"string"},"uniqueItems":true,)"
    R"("default":[]}},"type":["object","boolean"],"properties":{"$id":{"type":"string",)"
    R"("format":"uri-reference"},"$schema":{"type":"string","format":"uri"},"$ref":{"type":"string",)"
    R"("format":"uri-reference"},"title":{"type":"string"},"description":{"type":"string"},)"
    R"("default":{},"examples":{"type":"array","items":{}},"multipleOf":{"type":"number",)"
    R"("exclusiveMinimum":0},"maximum":{"type":"number"},"exclusiveMaximum":{"type":"number"},)"
    R"("minimum":{"type":"number"},"exclusiveMinimum":{"type":"number"},)"
    R"("maxLength":{"$ref":"#/definitions/nonNegativeInteger"},)"
    R"("minLength":{"$ref":"#/definitions/nonNegativeIntegerDefault0"},"pattern":{"type":"string",)"
    R"("format":"regex"},"additionalItems":{"$ref":"#"},"items":{"anyOf":[{"$ref":"#"},)"
    R"({"$ref":"#/definitions/schemaArray"}],"default":{}},)"
    R"("maxItems":{"$ref":"#/definitions/nonNegativeInteger"},)"
    R"("minItems":{"$ref":"#/definitions/nonNegativeIntegerDefault0"},"uniqueItems":{"type":"boolean",)"
    R"("default":false},"contains":{"$ref":"#"},)"
    R"("maxProperties":{"$ref":"#/definitions/nonNegativeInteger"},)"
    R"("minProperties":{"$ref":"#/definitions/nonNegativeIntegerDefault0"},)"
    R"("required":{"$ref":"#/definitions/stringArray"},"additionalProperties":{"$ref":"#"},)"
    R"("definitions":{"type":"object","additionalProperties":{"$ref":"#"},"default":{}},)"
    R"("properties":{"type":"object","additionalProperties":{"$ref":"#"},"default":{}},)"
    R"("patternProperties":{"type":"object","additionalProperties":{"$ref":"#"},"default":{}},)"
    R"("dependencies":{"type":"object","additionalProperties":{"anyOf":[{"$ref":"#"},)"
    R"({"$ref":"#/definitions/stringArray"}]}},"propertyNames":{"$ref":"#"},"const":{},)"
    R"("enum":{"type":"array","minItems":1,"uniqueItems":true},)"
    R"("type":{"anyOf":[{"$ref":"#/definitions/simpleTypes"},{"type":"array",)"
    R"("items":{"$ref":"#/definitions/simpleTypes"},"minItems":1,"uniqueItems":true}]},)"
    R"("format":{"type":"string"},"allOf":{"$ref":"#/definitions/schemaArray"},)"
    R"("anyOf":{"$ref":"#/definitions/schemaArray"},"oneOf":{"$ref":"#/definitions/schemaArray"},)"
    R"("not":{"$ref":"#"}},"default":{}})";

constexpr std::string_view kDraft7 =
    R"({"$schema":"http://json-schema.org/draft-07/schema#",)"
    R"("$id":"http://json-schema.org/draft-07/schema#","title":"Core schema meta-schema",)"
    R"("definitions":{"schemaArray":{"type":"array","minItems":1,"items":{"$ref":"#"}},)"
    R"("nonNegativeInteger":{"type":"integer","minimum":0},)"
    R"("nonNegativeIntegerDefault0":{"allOf":[{"$ref":"#/definitions/nonNegativeInteger"},)"
    R"({"default":0}]},"simpleTypes":{"enum":["array","boolean","integer","null","number","object",)"
    R"("string"]},"stringArray":{"type":"array","items":{"type":"string"},"uniqueItems":true,)"
    R"("default":[]}},"type":["object","boolean"],"properties":{"$id":{"type":"string",)"
    R"("format":"uri-reference"},"$schema":{"type":"string","format":"uri"},"$ref":{"type":"string",)"
    R"("format":"uri-reference"},"$comment":{"type":"string"},"title":{"type":"string"},)"
    R"("description":{"type":"string"},"default":true,"readOnly":{"type":"boolean","default":false},)"
    R"("examples":{"type":"array","items":true},"multipleOf":{"type":"number","exclusiveMinimum":0},)"
    R"("maximum":{"type":"number"},"exclusiveMaximum":{"type":"number"},"minimum":{"type":"number"},)"
    R"("exclusiveMinimum":{"type":"number"},"maxLength":{"$ref":"#/definitions/nonNegativeInteger"},)"
    R"("minLength":{"$ref":"#/definitions/nonNegativeIntegerDefault0"},"pattern":{"type":"string",)"
    R"("format":"regex"},"additionalItems":{"$ref":"#"},"items":{"anyOf":[{"$ref":"#"},)"
    R"({"$ref":"#/definitions/schemaArray"}],"default":true},)"
    R"("maxItems":{"$ref":"#/definitions/nonNegativeInteger"},)"
    R"("minItems":{"$ref":"#/definitions/nonNegativeIntegerDefault0"},"uniqueItems":{"type":"boolean",)"
    R"("default":false},"contains":{"$ref":"#"},)"
    R"("maxProperties":{"$ref":"#/definitions/nonNegativeInteger"},)"
    R"("minProperties":{"$ref":"#/definitions/nonNegativeIntegerDefault0"},)"
    R"("required":{"$ref":"#/definitions/stringArray"},"additionalProperties":{"$ref":"#"},)"
    R"("definitions":{"type":"object","additionalProperties":{"$ref":"#"},"default":{}},)"
    R"("properties":{"type":"object","additionalProperties":{"$ref":"#"},"default":{}},)"
    R"("patternProperties":{"type":"object","additionalProperties":{"$ref":"#"},)"
    R"("propertyNames":{"format":"regex"},"default":{}},"dependencies":{"type":"object",)"
    R"("additionalProperties":{"anyOf":[{"$ref":"#"},{"$ref":"#/definitions/stringArray"}]}},)"
    R"("propertyNames":{"$ref":"#"},"const":true,"enum":{"type":"array","items":true,"minItems":1,)"
    R"("uniqueItems":true},"type":{"anyOf":[{"$ref":"#/definitions/simpleTypes"},{"type":"array",)"
    R"("items":{"$ref":"#/definitions/simpleTypes"},"minItems":1,"uniqueItems":true}]},)"
    R"("format":{"type":"string"},"contentMediaType":{"type":"string"},)"
    R"("contentEncoding":{"type":"string"},"if":{"$ref":"#"},"then":{"$ref":"#"},"else":{"$ref":"#"},)"
    R"("allOf":{"$ref":"#/definitions/schemaArray"},"anyOf":{"$ref":"#/definitions/schemaArray"},)"
    R"("oneOf":{"$ref":"#/definitions/schemaArray"},"not":{"$ref":"#"}},"default":true})";

constexpr std::array kMetaSchemas = {
    MetaSchema{Draft::V4, "http://json-schema.org/draft-04/schema", kDraft4},
    MetaSchema{Draft::V6, "http://json-schema.org/draft-06/schema", kDraft6},
    MetaSchema{Draft::V7, "http://json-schema.org/draft-07/schema", kDraft7},
};

}  // namespace

std::span<const MetaSchema> meta_schemas() {
  return kMetaSchemas;
}

}  // namespace signalbox::policy::schema
