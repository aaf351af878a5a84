// The admin room.
