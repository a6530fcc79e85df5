# What a process needs that registers as "addsvc", and no more. Nodes are read
# to see in the catalogue that the registration has arrived.
service "addsvc" {
  policy = "write"
}
node_prefix "" {
  policy = "read"
}
