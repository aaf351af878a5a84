package conflicts

level := "low" if input.amount > 0

level := "high" if input.amount > 1000
