#!/bin/sh
# build.sh FOLDER: makes all of Kubernetes that one node needs, version 1.20, of Debian 12's source package:
# five minutes on two cores that have nothing else to do.
set -eu
target=$1
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 -E '/debian/?$')
source=kubernetes_1.20.5%2Breally1.20.2.orig.tar.gz
curl -fsS --retry 3 -o "$work/source.tar.gz" "${mirror%/}/pool/main/k/kubernetes/$source"
echo "b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc  $work/source.tar.gz" | sha256sum -c --quiet

export CGO_ENABLED=0 GO111MODULE=off GOPATH="$work/go" GOCACHE="$work/cache"
mkdir -p "$work/go/src/k8s.io/kubernetes"
cd "$work/go/src/k8s.io/kubernetes"
tar xzf "$work/source.tar.gz" --strip-components=1
# The version that comes with it crashes under the Go of today.
rm vendor/github.com/modern-go/reflect2/*.go vendor/github.com/modern-go/reflect2/*.s
cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.go /usr/share/gocode/src/github.com/modern-go/reflect2/*.s \
  vendor/github.com/modern-go/reflect2/

# What describes the kinds is generated: the package has only what it is generated from.
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
described=$(
  grep -rl --include=*.go -E '^// *\+k8s:openapi-gen=' pkg staging/src/k8s.io cmd |
    grep -vE '_test|testdata|/test/|sample-|code-generator|zz_generated|example' |
    xargs -n1 dirname | sort -u |
    sed -E 's#^staging/src/#k8s.io/kubernetes/vendor/#; s#^(pkg|cmd)/#k8s.io/kubernetes/\1/#' | paste -sd,
)
"$work/openapi-gen" -O zz_generated.openapi --go-header-file hack/boilerplate/boilerplate.generatego.txt \
  --output-base "$work/go/src" --output-package k8s.io/kubernetes/pkg/generated/openapi \
  --report-filename "$work/violations" --input-dirs "$described" >/dev/null 2>&1

mkdir -p "$target"
for part in kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl; do
  go build -o "$target/$part" -ldflags '-s -w' "./cmd/$part"
done
