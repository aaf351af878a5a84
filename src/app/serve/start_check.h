// What `signalbox run` would refuse, found without running: `signalbox config check`.
#pragma once

#include "app/config/config.h"
#include "base/diagnostic.h"

namespace signalbox::app {

/// Reads what a start reads: certificates, keys, CAs, SCRAM verifiers, policies; and looks whether the log,
/// the audit log and the queue can be where they are configured. Writes nothing and takes no lock, so that it
/// may be asked beside a running gateway; whether addresses are free is not asked. `config` has been
/// validated. Warnings of the policies are among the findings.
Diagnostics check_start(const Config& config);

}  // namespace signalbox::app
