/// Native cryptography where it can be loaded: the JDK's own is slow before its code is compiled.
@NullMarked
package io.pgbackup.crypto;

import org.jspecify.annotations.NullMarked;
