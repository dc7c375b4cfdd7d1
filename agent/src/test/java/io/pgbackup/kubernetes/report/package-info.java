@NullMarked
package io.pgbackup.kubernetes.report;

import org.jspecify.annotations.NullMarked;
