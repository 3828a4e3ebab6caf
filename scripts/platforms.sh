#!/usr/bin/env bash
# Writes the platforms that the project ships. Run it after changing the writer or a catalog entry
# that a platform is written from, and check in what changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fleetsim=${FLEETSIM:-build/fleetsim}

# write NAME FLAGS...
write() {
  local name=$1
  shift
  "$fleetsim" platform new --name "$name" "$@" -o "platforms/$name.xml"
}

# Fleets of the published training runs, and of today's offers.
write h100-16k-ndr --server hgx-h100 --accelerator nvidia-h100-sxm-80gb --hosts 2048 \
  --fabric infiniband-ndr --leaf 32 --pod 16 --region us
write h100-16k-ndr-slow-host --server hgx-h100 --accelerator nvidia-h100-sxm-80gb --hosts 2048 \
  --fabric infiniband-ndr --leaf 32 --pod 16 --region us --slow host=hgx-h100-123,speed=0.8
write a100-3k-hdr --server hgx-a100 --accelerator nvidia-a100-sxm-80gb --hosts 384 \
  --fabric infiniband-hdr --leaf 20 --region us
write h800-2k-ndr --server hgx-h800 --hosts 256 --fabric infiniband-ndr --leaf 32 --region cn
write h200-1k-ndr --server hgx-h200 --hosts 128 --fabric infiniband-ndr --leaf 32 --region us
write h20-16k-roce --server hgx-h20 --accelerator nvidia-h20-96gb --hosts 2048 \
  --fabric rocev2-200g --leaf 32 --pod 16 --region cn-inner-mongolia
write h20-1k-roce --server hgx-h20 --accelerator nvidia-h20-96gb --hosts 128 \
  --fabric rocev2-200g --leaf 32 --region cn-inner-mongolia
write ascend-910b-8k --server atlas-800t-a2 --accelerator huawei-ascend-910b2-64gb --hosts 1024 \
  --fabric rocev2-200g --leaf 32 --pod 16 --region cn-guizhou
write cloudmatrix384 --server cloudmatrix384 --hosts 1 --fabric ascend-rdma --region cn-guizhou
write cloudmatrix384-43 --server cloudmatrix384 --hosts 43 --fabric ascend-rdma --leaf 8 \
  --region cn-guizhou
write kunlun-p800-1k --server kunlun-p800-server --hosts 128 --fabric rocev2-200g --leaf 32 \
  --region cn-beijing
write metax-c500-1k --server metax-c500-server --accelerator metax-c500-64gb --hosts 128 \
  --fabric rocev2-200g --leaf 32 --region cn-east
write mlu590-1k --server mlu590-server --hosts 128 --fabric rocev2-200g --leaf 32 --region cn-east
write gb200-nvl72-8 --server gb200-nvl72 --hosts 8 --fabric infiniband-ndr --leaf 8 --region us
write mi300x-1k --server mi300x-8 --accelerator amd-mi300x-192gb --hosts 128 \
  --fabric rocev2-400g --leaf 32 --region us

# Two vendors on one site; two sites a thousand kilometres of fibre apart.
write mixed-h20-910b --server hgx-h20 --accelerator nvidia-h20-96gb --hosts 64 \
  --fabric rocev2-200g --leaf 32 --region cn-inner-mongolia \
  --add server=atlas-800t-a2,accelerator=huawei-ascend-910b2-64gb,hosts=64,fabric=rocev2-200g,leaf=32
write two-sites-h20 --server hgx-h20 --accelerator nvidia-h20-96gb --hosts 64 \
  --fabric rocev2-200g --leaf 32 \
  --site name=west,region=cn-inner-mongolia --site name=east,region=cn-hebei \
  --add server=hgx-h20,accelerator=nvidia-h20-96gb,hosts=64,fabric=rocev2-200g,leaf=32,site=east \
  --wan from=west,to=east,fabric=wan-1600g,km=1000

# Single servers with published results.
single() {
  local name=$1 server=$2 accelerator=$3 fabric=$4 region=${5:-us}
  write "$name" --server "$server" --accelerator "$accelerator" --hosts 1 --fabric "$fabric" \
    --region "$region"
}
single a100-40gb-1x8 hgx-a100 nvidia-a100-sxm-40gb infiniband-hdr
single a100-1x8 hgx-a100 nvidia-a100-sxm-80gb infiniband-hdr
single a800-1x8 hgx-a800 nvidia-a800-sxm-80gb infiniband-hdr cn
single h100-1x8 hgx-h100 nvidia-h100-sxm-80gb infiniband-ndr
single h200-1x8 hgx-h200 nvidia-h200-sxm-141gb infiniband-ndr
single h200-nvl-1x8 pcie-h200-nvl-8 nvidia-h200-nvl-141gb infiniband-ndr
single b200-1x8 hgx-b200 nvidia-b200-sxm-180gb infiniband-ndr
single b300-1x8 hgx-b300 nvidia-b300-sxm-288gb infiniband-xdr
single mi300x-1x8 mi300x-8 amd-mi300x-192gb rocev2-400g
single mi325x-1x8 mi300x-8 amd-mi325x-256gb rocev2-400g
single mi355x-1x8 mi355x-8 amd-mi355x-288gb rocev2-400g
single gaudi2-1x8 hls-gaudi2 intel-gaudi-2-96gb rocev2-100g
single ascend-910a-1x8 atlas-800-9000 huawei-ascend-910a-32gb rocev2-100g cn
single ascend-910b-1x8 atlas-800t-a2 huawei-ascend-910b2-64gb rocev2-200g cn
single bi-v150-1x8 iluvatar-bi-v150-server iluvatar-bi-v150-64gb rocev2-200g cn
single metax-c500-1x8 metax-c500-server metax-c500-64gb rocev2-200g cn
