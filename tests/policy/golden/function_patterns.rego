package golden

allow if permits(input.op, input.owner)

permits("read", _) := true

permits("write", owner) := true if owner == input.user

permits(["batch", op], owner) := permits_one(op) if owner

permits_one(op) if op != "drop"
