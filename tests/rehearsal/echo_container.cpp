#include "tests/rehearsal/echo_container.h"

#include <catch2/catch.hpp>

#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

EchoContainer::EchoContainer(const std::string& node, const std::string& main) : node_(node) {
  on_node(node_,
          "mkdir -p /opt/box/usr /opt/box/etc /opt/box/proc /opt/box/sys /opt/box/dev /opt/box/run /opt/box/tmp; "
          "for l in bin sbin lib lib64; do ln -sfn usr/$l /opt/box/$l; done; "
          "podman run -d --name echo --pids-limit=0 --privileged --network host --log-driver none -v /usr:/usr:ro --rootfs "
          "/opt/box " +
              main + " >/dev/null");
  wait_on_node(node_, look(), "up\n", 20s);
  // What the engine mounts to start it, and takes away a little later.
  wait_on_node(node_, "systemctl list-units --plain --no-legend 'tmp-crun*' | wc -l", "0\n", 20s);
}

EchoContainer::~EchoContainer() {
  try {
    on_node(node_, "podman rm -f echo >/dev/null; rm -rf /opt/box");
  } catch (const std::exception& error) {
    WARN("removing the container: " << error.what());
  }
}

std::string EchoContainer::look() const {
  return "timeout 2 bash -c 'exec 3<>/dev/tcp/" + cloud().find(node_)->data_address() +
         "/8099 || exit 7; echo hello >&3; read -r -t 1 answer <&3 && [ \"$answer\" = hello ]' 2>/dev/null; "
         "case $? in 0) echo up;; 7) echo down;; *) echo mute;; esac";
}

}  // namespace blackstart::rehearsal
