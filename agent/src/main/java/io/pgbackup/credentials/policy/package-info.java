/// What each role may do, and where: values and pure functions, no store is asked.
@NullMarked
package io.pgbackup.credentials.policy;

import org.jspecify.annotations.NullMarked;
