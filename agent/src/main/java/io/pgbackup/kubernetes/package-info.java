/// What lies in Kubernetes: the Secrets that credentials are kept in. Nobody else sees its client,
/// which is loaded only where a Secret is named.
@NullMarked
package io.pgbackup.kubernetes;

import org.jspecify.annotations.NullMarked;
