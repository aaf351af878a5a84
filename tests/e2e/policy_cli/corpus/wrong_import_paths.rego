package wrong_import_paths

import foo.bar
import future.keywords.nope
