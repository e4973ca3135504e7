"""Training of the joint network: samples of whole patients, their augmentation, the loss, validation and export."""
