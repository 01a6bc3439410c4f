# find_package(mcuform) finds mcuform_add_model() in an installed tree and in a build tree alike, in share/mcuform/cmake beside bin/.
configure_file(${PROJECT_SOURCE_DIR}/cmake/package/mcuform-config.cmake ${PROJECT_BINARY_DIR}/share/mcuform/cmake/mcuform-config.cmake COPYONLY)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/package/mcuform-config.cmake DESTINATION share/mcuform/cmake)
