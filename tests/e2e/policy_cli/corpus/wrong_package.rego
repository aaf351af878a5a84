allow if input.x

package late
