package    ugly
import   data.b   as c
import data.a
# a comment
p   if   {  input.x==1 ;input.y  == [1,2 ,
   3]  # behind
  # inside
 not  input.z
}


q=7
r contains   x if { x:=  input.list[_] ; x>3 }
f( a,b ) :=a+b*2-(a-b)
o := { "k" : [ 1,
2 ], "l":{"m":1}}
default s=  false
s if{input.q}else:=3 if {input.r}
