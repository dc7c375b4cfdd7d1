/// A restore of a StatefulSet from a terminal: what is done through the API of Kubernetes, step by
/// step under a journal. The data themselves are restored by `pgbackup` in a pod on their volume.
@NullMarked
package io.pgbackup.kubernetes.restore;

import org.jspecify.annotations.NullMarked;
