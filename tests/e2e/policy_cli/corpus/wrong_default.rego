package wrong_default

default e := input.x
