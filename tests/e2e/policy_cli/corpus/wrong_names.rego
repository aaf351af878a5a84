package wrong_names

p := no.such.builtin(1)

q := undefined_function(2)

r := other
