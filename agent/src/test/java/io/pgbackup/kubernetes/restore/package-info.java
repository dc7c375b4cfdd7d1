@NullMarked
package io.pgbackup.kubernetes.restore;

import org.jspecify.annotations.NullMarked;
