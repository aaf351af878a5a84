// The policy room.
