package golden

default level := 0

level := 3 if {
	input.admin
} else := 2 if {
	input.staff
} else := 1
