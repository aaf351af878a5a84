package golden

users := data.users

first_role := data.users[input.user].roles[0]

operations contains data.grants[_].op
