package odd.numbers

big := 123456789012345678901234567890 * 10

exact := 0.1 + 0.2

exponent := [1e3, 1E-2, 1.50, 100000000000000000000000, 1e21, -0]

divided := [7 / 2, 1 / 3, 7 % 3, -7 % 3]

bits_ := [bits.and(6, 3), bits.lsh(1, 70), bits.negate(5)]

rounded := [round(2.5), ceil(2.1), floor(-2.1), abs(-3)]

texts := [sprintf(sprintf("%s%s", ["%", "d"]), [7]), format_int(255.9, 16)]

compared := [1 < "a", null < false, [1, 2] < [1, 3], {1} == {1.0}]
