package golden

message := $"user {input.user} asked for {input.op}"
