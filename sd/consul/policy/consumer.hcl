# What a process needs that calls services, and no more. Name the services
# instead of the empty prefix where that is known.
service_prefix "" {
  policy = "read"
}
node_prefix "" {
  policy = "read"
}
