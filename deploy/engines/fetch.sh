#!/bin/sh
# fetch.sh ENGINE: fetches what Andon's demo and tests run on, once:
#
#   clickhouse/libchdb.so   ClickHouse as a library, from npm
#   kafka/*.jar             one Apache Kafka broker, from Maven
#   python/                 a Kafka client, from PyPI, for the example in docs/guides/send-events.md; with it kcat, from Debian
#
# into $ANDON_ENGINES, else .cache/engines of this checkout. Each folder holds a VERSION file, written last: a fetch that
# was cut short is done again, a finished one is left alone. To change a version edit it here.
set -eu

clickhouse_version=26.7.3-stable.1
kafka_version=4.3.1
python_version=2.16.1

here=$(cd "$(dirname "$0")" && pwd)
engines=${ANDON_ENGINES:-$here/../../.cache/engines}
mkdir -p "$engines"
engines=$(cd "$engines" && pwd)

say() { echo "engines: $*"; }
die() { echo "engines: $*" >&2; exit 1; }

have() { [ "$(cat "$1/VERSION" 2>/dev/null)" = "$2" ]; }

# begin DIR VERSION: an empty DIR, with what stood there before gone.
begin() {
  say "fetching $(basename "$1") $2 into $1"
  rm -rf "$1"
  mkdir -p "$1"
}

fetch_clickhouse() {
  dir=$engines/clickhouse
  if have "$dir" "$clickhouse_version"; then
    say "clickhouse $clickhouse_version is there"
    return
  fi
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=lib-linux-x64-gnu ;;
    Linux-aarch64) package=lib-linux-arm64-gnu ;;
    Darwin-x86_64) package=lib-darwin-x64 ;;
    Darwin-arm64) package=lib-darwin-arm64 ;;
    *) die "no ClickHouse library for $(uname -s) on $(uname -m)" ;;
  esac
  "$here/need.sh" npm npm
  begin "$dir" "$clickhouse_version"
  (cd "$dir" && npm pack --silent "@chdb/$package@$clickhouse_version" >/dev/null) ||
    die "npm could not fetch @chdb/$package@$clickhouse_version"
  tar -xzf "$dir"/*.tgz -C "$dir" --strip-components=1 package/libchdb.so
  rm "$dir"/*.tgz
  echo "$clickhouse_version" >"$dir/VERSION"
}

fetch_kafka() {
  "$here/need.sh" java default-jre-headless
  java=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${java:-0}" -ge 17 ] || die "Kafka $kafka_version needs Java 17 or later, found ${java:-none}"
  dir=$engines/kafka
  if have "$dir" "$kafka_version"; then
    say "kafka $kafka_version is there"
    return
  fi
  "$here/need.sh" mvn maven
  begin "$dir" "$kafka_version"
  said=$(mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -Dkafka.version="$kafka_version" -DincludeScope=runtime -DoutputDirectory="$dir" 2>&1) ||
    die "mvn could not fetch Apache Kafka $kafka_version:
$said"
  echo "$kafka_version" >"$dir/VERSION"
}

fetch_clients() {
  "$here/need.sh" kcat kcat
  dir=$engines/python
  if have "$dir" "$python_version"; then
    say "confluent-kafka $python_version is there"
    return
  fi
  "$here/need.sh" python3 python3
  python3 -m pip --version >/dev/null 2>&1 || "$here/need.sh" pip3 python3-pip
  begin "$dir" "$python_version"
  python3 -m pip install -q --disable-pip-version-check --root-user-action ignore --target "$dir" "confluent-kafka==$python_version" ||
    die "pip could not fetch confluent-kafka $python_version"
  echo "$python_version" >"$dir/VERSION"
}

case ${1-} in
  clickhouse) fetch_clickhouse ;;
  kafka) fetch_kafka ;;
  clients) fetch_clients ;;
  *) die "name an engine: clickhouse, kafka or clients" ;;
esac
