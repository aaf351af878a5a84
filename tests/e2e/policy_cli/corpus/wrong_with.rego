package wrong_with

s if input.x with foo as 1

t if data.x with data.y.z as 1 with input.y as 2

u if input.x with count as 3
