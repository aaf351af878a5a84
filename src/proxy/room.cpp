// The proxy room.
