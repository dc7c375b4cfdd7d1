/// Issues credentials that reach one cluster's folder, from a parent credential that stays outside
/// of every database pod.
@NullMarked
package io.pgbackup.credentials.broker;

import org.jspecify.annotations.NullMarked;
