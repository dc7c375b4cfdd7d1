/// What the agent tells Kubernetes: one ConfigMap about its cluster, and Events about its pod. No
/// client library: the agent rests in little memory, and three kinds of requests need none.
@NullMarked
package io.pgbackup.kubernetes.report;

import org.jspecify.annotations.NullMarked;
