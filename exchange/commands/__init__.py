"""The commands of ``piaohao``, one module for each thing that they look after."""
