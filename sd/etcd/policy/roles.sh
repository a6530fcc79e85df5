#!/bin/sh
# Makes the roles of least privilege for a service in etcd:
#
#   registrar-NAMESPACE-SERVICE   may register instances of this service
#   consumer-NAMESPACE-SERVICE    may watch them
#
# usage: roles.sh NAMESPACE SERVICE      (the default namespace is kitgen)
#
# It calls etcdctl, which takes its endpoints and root's credentials from
# ETCDCTL_ENDPOINTS and ETCDCTL_USER. Grant the roles to users afterwards, a
# consumer those of all the services that it calls:
#
#   etcdctl user grant-role addsvc registrar-kitgen-addsvc
#
# A registrar also reads: it looks after its own keys. Renewing and revoking a
# lease needs the permission to write every key that hangs on it, which are
# that service's own. The slash at the end keeps "user" out of "user-admin".
set -eu

if [ $# -ne 2 ]; then
	echo "usage: $0 NAMESPACE SERVICE" >&2
	exit 2
fi
for name in "$1" "$2"; do
	case $name in
	'' | *[!A-Za-z0-9._-]*)
		echo "$0: \"$name\" is not made of letters, digits, dots, hyphens and underscores: in etcd its key is escaped; grant that by hand" >&2
		exit 2
		;;
	esac
done

grant() { # role, permission, prefix
	etcdctl role add "$1"
	etcdctl role grant-permission --prefix=true "$1" "$2" "$3"
}

grant "registrar-$1-$2" readwrite "/$1/$2/"
grant "consumer-$1-$2" read "/$1/$2/"
