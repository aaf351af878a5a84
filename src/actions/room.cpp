// The actions room.
