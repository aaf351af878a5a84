package wrong_imports

import data.a
import data.b as a
import data.c

c := 1
