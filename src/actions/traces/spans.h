// Spans: decision records as OpenTelemetry spans, in OTLP's JSON encoding
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Pure.
//
// One span a decision, and below it one for each sync action that was carried out. Names and attributes
// follow OpenTelemetry's conventions for databases; what they have no word for is called signalbox.*.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::actions {

/// Where spans come from.
struct TraceResource {
  std::string service = "signalbox";
  std::string instance;  ///< the gateway's node name
  std::string version;
};

struct TracedRecord {
  std::int64_t time_ns = 0;  ///< wall clock, when the decision had been carried out
  std::string body;          ///< the decision record (actions/record.h)
};

struct TraceBatch {
  std::string body;       ///< an ExportTraceServiceRequest; "" without spans
  std::size_t spans = 0;  ///< in it
};

/// One whose statement came with a `traceparent`
/// that is not sampled, and one that is no record, gives no span.
TraceBatch trace_batch(std::span<const TracedRecord> records, const TraceResource& resource);

/// A W3C `traceparent`: "00-<32 hex>-<16 hex>-<2 hex>".
struct TraceParent {
  std::string_view trace;
  std::string_view span;
  bool sampled = false;
  /// Neither id may be all zeros; an unknown version is read as version 00 where it is as long.
  static bool parse(std::string_view text, TraceParent& out);
};

}  // namespace signalbox::actions
