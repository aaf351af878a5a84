// The sql room.
