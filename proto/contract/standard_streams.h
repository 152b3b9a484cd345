// The descriptors 0, 1 and 2 of a process that was started without some of them. A target of its own: it is no function
// of messages, but both programs need it. Before any thread.
#ifndef PARALLAX_CONTRACT_STANDARD_STREAMS_H_
#define PARALLAX_CONTRACT_STANDARD_STREAMS_H_

namespace parallax::contract {

// False for a descriptor that was closed when we were started, also when an eventfd took its number since: libraries
// open some before main.
bool CarriesBytes(int fd);

// Returns when 0, 1 and 2 carry bytes. Where one does not, puts /dev/null there and starts this program anew: what a
// library has opened in its place could be neither moved nor closed, and would be read from and printed to.
void CompleteStandardStreams(char** argv);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_STANDARD_STREAMS_H_
