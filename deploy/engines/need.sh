#!/bin/sh
# need.sh COMMAND PACKAGE...: installs the Debian packages when the command is missing, or says what is missing.
set -eu

command=$1
shift
command -v "$command" >/dev/null && exit
die() { echo "engines: $*" >&2; exit 1; }

command -v apt-get >/dev/null || die "$command is missing: install it and run the same make again"
as_root=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die "$command is missing: as root run apt-get install $*, then the same make again"
  as_root=sudo
fi
echo "engines: $command is missing, installing $*"
$as_root apt-get update -q </dev/null >/dev/null || die "apt-get update failed; $command is needed (Debian: $*)"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" </dev/null >/dev/null ||
  die "apt-get could not install $*; $command is needed"
