#include "probes/redundancy_api.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "probes/openstack_api.h"

namespace blackstart {

OpenStackToken RedundancyApi::token(const Deadline& deadline) {
  if (!credentials_)
    throw Error(ErrorKind::unmet, "asking OpenStack for its services", "the cloud file says nothing of OpenStack",
                "add 'openstack' to cloud.yaml, or name 'components' without it");
  const std::lock_guard lock(mutex_);
  const Time now = deadline.clock().now();
  if (token_.id.empty() || now >= renew_at_) {
    token_ = OpenStackApi(*credentials_, deadline).token();
    renew_at_ = now + token_.life / 2;
  }
  return token_;
}

void RedundancyApi::forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (token_.id == id) token_ = {};
}

void RedundancyApi::ask(const Deadline& deadline, const std::function<void(OpenStackApi&)>& questions) {
  const OpenStackToken one = token(deadline);
  OpenStackApi api(*credentials_, one, deadline);
  try {
    questions(api);
  } catch (const Error&) {
    forget(one.id);  // it may be the token that is not taken any more
    throw;
  }
}

}  // namespace blackstart
