//! The client against the embedded index and against servers that misbehave; the embedded index against
//! whatever may come.

#[cfg(test)]
mod declared;
#[cfg(test)]
mod detail;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod faulty_server;
#[cfg(test)]
mod lookup;
#[cfg(test)]
mod overlay;
#[cfg(test)]
mod package;
#[cfg(test)]
mod page;
#[cfg(test)]
mod part;
#[cfg(test)]
mod people;
#[cfg(test)]
mod private;
#[cfg(test)]
mod rule;
#[cfg(test)]
mod store;
#[cfg(test)]
mod upload;
#[cfg(test)]
mod visibility;
