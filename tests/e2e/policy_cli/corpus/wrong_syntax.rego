package wrong_syntax

import data.x

allow if {
	input.user == "ann"
	input.roles[_ == "admin"
}

p := "unfinished
