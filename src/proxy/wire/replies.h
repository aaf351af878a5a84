// What servers answer, as far as the gateway reads or writes it: ReadyForQuery, BackendKeyData,
// ParameterStatus, Authentication. https://www.postgresql.org/docs/current/protocol-message-formats.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::proxy::wire {

struct BackendKey {
  std::int32_t process = 0;
  std::string_view key;  ///< 4 to 256 bytes
};
struct ParameterStatus {
  std::string_view name;
  std::string_view value;
};

enum class Authentication : std::uint32_t {
  Ok = 0,
  KerberosV5 = 2,
  CleartextPassword = 3,
  Md5Password = 5,
  ScmCredential = 6,
  Gss = 7,
  GssContinue = 8,
  Sspi = 9,
  Sasl = 10,
  SaslContinue = 11,
  SaslFinal = 12,
};

std::optional<BackendKey> decode_backend_key(std::string_view body);
std::optional<ParameterStatus> decode_parameter_status(std::string_view body);
/// ParameterDescription: the OIDs of the types.
std::optional<std::vector<std::uint32_t>> decode_parameter_description(std::string_view body);
/// One column of a RowDescription: its name, type and table (OIDs; 0 = of no table).
struct DescribedColumn {
  std::string_view name;
  std::uint32_t type = 0;
  std::uint32_t table = 0;
  std::uint16_t attribute = 0;  ///< number of the column in its table
  std::int16_t size = -1;       ///< pg_type.typlen
  std::int32_t modifier = -1;
  std::int16_t format = 0;  ///< 0 text, 1 binary
};
std::optional<std::vector<DescribedColumn>> decode_row_description(std::string_view body);
void append_row_description(std::string& out, const std::vector<DescribedColumn>& columns);
/// CopyOutResponse: the formats of the columns; `binary` is that of the whole stream.
struct CopyFormat {
  bool binary = false;
  std::vector<std::int16_t> columns;
};
std::optional<CopyFormat> decode_copy_out(std::string_view body);
void append_copy_out(std::string& out, const CopyFormat& format);
/// The transaction status: 'I', 'T' or 'E'.
std::optional<char> decode_ready(std::string_view body);
std::optional<Authentication> decode_authentication(std::string_view body);
/// The mechanisms of AuthenticationSASL.
std::optional<std::vector<std::string_view>> decode_sasl_mechanisms(std::string_view body);

void append_ready(std::string& out, char status);
void append_sasl_mechanisms(std::string& out, const std::vector<std::string_view>& mechanisms);
void append_authentication(std::string& out, Authentication kind, std::string_view data = {});

}  // namespace signalbox::proxy::wire
