package golden

whole := data.golden

some_rule := data.golden[input.name]

users := data.users
